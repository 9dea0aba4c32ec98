import { CliError, messageOf, systemCodeOf } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";

/** Where the call went, for the message: `GET http://127.0.0.1:7337/v1/vms`. */
export type Target = string;

const TLS_CODES = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

const CUT_CODES = new Set(["ECONNRESET", "EPIPE"]);

/** A call that got no answer, told by its cause; waiting helps only where the network may come back. */
export function unreachable(target: Target, url: string, thrown: unknown): CliError {
  const code = failureCode(thrown);
  const { message, advice, transient = true, sent = false } = explain(code, url, thrown);
  return new CliError(EXIT.unreachable, `${message} (${target})`, {
    code: sent ? "no_answer" : "unreachable",
    advice,
    transient,
  });
}

interface Explanation {
  message: string;
  advice: string[];
  transient?: boolean;
  /** The control plane may have got the call, and done it. */
  sent?: boolean;
}

function explain(code: string | undefined, url: string, thrown: unknown): Explanation {
  const { hostname, host, protocol } = new URL(url);
  const checkUrl = "Check the URL: --url, TARTFLEET_URL or `tartfleet login`.";
  if (code === "ECONNREFUSED") {
    return {
      message: `Nothing listens at ${host}: the connection was refused`,
      advice: ["Is the control plane running there?", checkUrl],
    };
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return { message: `The name ${hostname} cannot be resolved`, advice: [checkUrl] };
  }
  if (code === "TIMEOUT") {
    return {
      message: `${host} did not answer in time`,
      sent: true,
      advice: ["Is the network (VPN, firewall) open to it?", checkUrl],
    };
  }
  if (code !== undefined && CUT_CODES.has(code)) {
    return {
      message: `The connection to ${host} was cut`,
      advice: protocol === "http:" ? ["If it speaks TLS, its URL begins with https://."] : [],
      sent: true,
    };
  }
  if (code !== undefined && TLS_CODES.has(code)) {
    return {
      message: `The TLS certificate of ${host} is not signed by an authority known here (${code})`,
      advice: [
        "If the control plane made it itself, its tokens carry a pin after a dot: use one that it made since.",
        "If your own authority signed it, give that authority's certificate: --ca-file FILE.",
      ],
      transient: false,
    };
  }
  if (code === "TLS_PIN_MISMATCH") {
    return { message: `${host} is not trusted: ${messageOf(thrown)}`, advice: [], transient: false };
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "CERT_HAS_EXPIRED") {
    return {
      message:
        code === "CERT_HAS_EXPIRED"
          ? `The TLS certificate of ${host} has expired`
          : `The TLS certificate at ${host} is for another name`,
      advice: [checkUrl],
      transient: false,
    };
  }
  if (code?.startsWith("ERR_SSL") || code === "EPROTO") {
    return {
      message: `${host} does not speak TLS`,
      advice: [`Is it http:// rather than https://? ${checkUrl}`],
      transient: false,
    };
  }
  if (code === "NO_HTTP") {
    return {
      message: `${host} does not speak HTTP`,
      advice: [protocol === "http:" ? `Is it https:// rather than http://? ${checkUrl}` : checkUrl],
      transient: false,
    };
  }
  return {
    sent: true,
    message: `The connection to ${host} failed: ${code ?? messageOf(thrown)}`,
    advice: [checkUrl],
  };
}

function failureCode(thrown: unknown): string | undefined {
  if (thrown instanceof DOMException && thrown.name === "TimeoutError") return "TIMEOUT";
  const code = systemCodeOf(thrown);
  if (code?.startsWith("HPE_")) return "NO_HTTP";
  return code === "ETIMEDOUT" ? "TIMEOUT" : code;
}
