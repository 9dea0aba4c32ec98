// Its own types bring those of browsers along, in which WebCrypto is another.
export declare function format(contents: string): Promise<string>;
