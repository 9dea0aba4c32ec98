// Its own types bring those of browsers along, in which WebCrypto is another.
export declare function parse(filename: string, contents: string): Promise<Record<string, unknown>>;
