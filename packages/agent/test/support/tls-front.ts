import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import { createServer } from "node:tls";
import { makePrivateKey, makeSelfSigned, pinOf } from "@tartfleet/tls";

/** A key and its self-signed certificate for this machine; a negative number of days has passed. */
export async function identity(validDays?: number) {
  const key = await makePrivateKey();
  const cert = await makeSelfSigned(key, ["127.0.0.1"], Date.now(), validDays);
  return { key, cert, pin: pinOf(new X509Certificate(cert).publicKey) };
}

export type Identity = Awaited<ReturnType<typeof identity>>;

/** TLS in front of a control plane: passes everything on, keeps what it hears, and can cut the line. */
export interface TlsFront extends AsyncDisposable {
  url: string;
  /** What clients said, in the clear. */
  heard(): string;
  /** How many have come. */
  visits(): number;
  /** Another certificate for connections to come. */
  use(own: Identity): void;
  /** Sends the clients the beginning of a record, and no more. */
  cutInARecord(): void;
}

/** The first bytes of a TLS record of application data that promises 64 of them. */
const HALF_A_RECORD = Buffer.from([23, 3, 3, 0, 64, 1, 2, 3]);

export async function makeTlsFront(behind: string, own: Identity): Promise<TlsFront> {
  const port = Number(new URL(behind).port);
  const wires = new Set<Socket>();
  let heard = "";
  let visits = 0;
  const server = createServer(own, (socket) => {
    const plain = connect(port, "127.0.0.1");
    socket.on("data", (part) => (heard += part.toString("latin1")));
    socket.pipe(plain).pipe(socket);
    socket.on("error", () => {}).on("close", () => plain.destroy());
    plain.on("error", () => {}).on("close", () => socket.destroy());
  });
  server.on("connection", (wire: Socket) => {
    visits += 1;
    wires.add(wire);
    wire.once("close", () => wires.delete(wire));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard: () => heard,
    visits: () => visits,
    use: ({ key, cert }) => server.setSecureContext({ key, cert }),
    cutInARecord() {
      for (const wire of wires) wire.end(HALF_A_RECORD);
    },
    async [Symbol.asyncDispose]() {
      for (const wire of wires) wire.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
