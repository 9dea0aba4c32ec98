import { jsonEncoder, type Encoder } from "@trpc/server/adapters/ws";
import { jsonOf } from "../api/json.ts";

/** What a message of tRPC's looks like that brings a value. */
interface DataMessage {
  result: { data: object };
}

function bringsObject(message: object): message is DataMessage {
  if (!("result" in message) || typeof message.result !== "object" || message.result === null) return false;
  return "data" in message.result && typeof message.result.data === "object" && message.result.data !== null;
}

/**
 * tRPC's own JSON. What is told to many is written once, and for each of them no more than what is around it.
 *
 * @param onCalls told of how many calls are in each message that arrives
 */
export function socketEncoder(onCalls: (calls: number) => void): Encoder {
  return {
    encode(message) {
      if (typeof message !== "object" || message === null || !bringsObject(message)) {
        return jsonEncoder.encode(message);
      }
      const { result, ...envelope } = message;
      const { data, ...about } = result;
      return `${JSON.stringify(envelope).slice(0, -1)},"result":${JSON.stringify(about).slice(0, -1)},"data":${jsonOf(data)}}}`;
    },
    decode(text) {
      const message = jsonEncoder.decode(text);
      onCalls(Array.isArray(message) ? message.length : 1);
      return message;
    },
  };
}
