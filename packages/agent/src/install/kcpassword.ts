/** The same on every Mac: what it hides, it hides from eyes, not from programs. */
const KEY = Buffer.from("7d895223d2bcddeaa3b91f", "hex");
/** At least one byte of NUL ends the password, and fills it up to a multiple of this. */
const BLOCK = 12;

/** A password as macOS keeps it in /etc/kcpassword for the account that is logged in by itself. */
export function hidePassword(password: string): Buffer {
  const bytes = Buffer.from(password, "utf8");
  const filled = Buffer.alloc((Math.floor(bytes.length / BLOCK) + 1) * BLOCK);
  bytes.copy(filled);
  return Buffer.from(filled.map((byte, index) => byte ^ (KEY[index % KEY.length] ?? 0)));
}
