import { randomBytes } from "node:crypto";

/** A secret to be looked for, in every form in which it might have got somewhere. */
export interface Needle {
  name: string;
  forms: readonly Buffer[];
}

/** A secret of a test's own, recognised by a mark of letters and digits that no escape changes. */
export interface Mark {
  needle: Needle;
  /** A secret that has the mark in it and says of which field it is. */
  plant(field: string): string;
}

export function makeMark(): Mark {
  const mark = `canary${randomBytes(10).toString("hex")}`;
  return { needle: needleOf("planted", mark), plant: (field) => `${mark}-${field}` };
}

/** A secret that the fleet made itself. */
export function needleOf(name: string, secret: string | Buffer): Needle {
  const bytes = Buffer.from(secret);
  const escaped = typeof secret === "string" ? [JSON.stringify(secret).slice(1, -1)] : [];
  const base64 = [0, 1, 2].flatMap((offset) => insideBase64(bytes, offset));
  const texts = [...escaped, bytes.toString("hex"), ...base64];
  return { name, forms: [bytes, ...texts.map((text) => Buffer.from(text))] };
}

/** What stands in base64 of anything that has the secret at that offset from a multiple of three bytes. */
function insideBase64(secret: Buffer, offset: number): string[] {
  const bytes = Buffer.concat([Buffer.alloc(offset), secret]);
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 3));
  const cut = offset === 0 ? 0 : 4;
  return [whole.toString("base64").slice(cut), whole.toString("base64url").slice(cut)];
}

const AROUND = 48;

/** What of the needles is in there, each with the text around it, for whoever has to find out why. */
export function findNeedles(needles: readonly Needle[], haystack: Buffer): string[] {
  return needles.flatMap(({ name, forms }) => {
    const at = forms.map((form) => haystack.indexOf(form)).find((index) => index !== -1);
    if (at === undefined) return [];
    const text = haystack.subarray(Math.max(0, at - AROUND), at + 2 * AROUND).toString("latin1");
    return [`${name}: ${JSON.stringify(text)}`];
  });
}
