/** What was found at one point of the sign-off list. */
export interface Point {
  /** In the list of packer/README.md. */
  number: number;
  title: string;
  /** `absent`: nothing of the kind is in this image. `by hand`: a person, or the fleet itself, must look. */
  verdict: "kept" | "broken" | "absent" | "by hand";
  /** What was seen, or what to do. */
  evidence: string;
}
