/** How many codes that do not exist one may try in a window before being refused until it ends. */
export interface GuessLimits {
  readonly perCustomer: number;
  readonly perIp: number;
  readonly perKey: number;
  readonly windowSeconds: number;
  /**
   * The header in which a trusted proxy names the browser's address; undefined: the connection's peer is the browser.
   * Behind a proxy all browsers share its address, and would be refused together.
   */
  readonly addressHeader: string | undefined;
}

export const defaultGuessLimits: GuessLimits = {
  perCustomer: 20,
  perIp: 50,
  perKey: 1_000,
  windowSeconds: 600,
  addressHeader: undefined,
};
