/** What a channel must be able to do: one kind of channel is one adapter, registered in `adapters.ts`. */
import type pg from "pg";
import type { Logger } from "pino";
import type { z } from "zod";
import type { Outbound } from "../outbound/vet.ts";

export type ChannelKind = "email" | "sms" | "messenger" | "webhook" | "popup" | "list_export";

/**
 * retry: not accepted, and may be later. failed: never will be. bounced: the address will never be reached, and is
 * suppressed. unknown: nobody said whether it was accepted.
 */
export type SendOutcome =
  | { readonly outcome: "sent"; readonly providerId: string | null }
  | { readonly outcome: "retry"; readonly reason: string; readonly afterSeconds?: number }
  | { readonly outcome: "failed"; readonly reason: string }
  | { readonly outcome: "bounced"; readonly reason: string }
  | { readonly outcome: "unknown"; readonly reason: string };

/** A message to one customer, ready to go. */
export interface OutgoingMessage {
  /** Stays the same when it is sent again: what a provider may know a repetition by. */
  readonly deliveryId: string;
  /** As the adapter's `address` says; "" where there is none. */
  readonly address: string;
  readonly customer: { readonly id: string; readonly identifier: string };
  /** The parts of the template, rendered. */
  readonly parts: Readonly<Record<string, string>>;
  readonly language: string;
  readonly purpose: "marketing" | "transactional";
  /** Of marketing messages, where the customer takes consent back by one click; null where there is no such page. */
  readonly unsubscribeUrl: string | null;
  /** What the parts were rendered from, for those that send data and not words. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly publicationId: string | null;
  readonly workflowRunId: string | null;
  readonly campaignId: string | null;
}

/** What the process gives to adapters. */
export interface SendDeps {
  readonly pool: pg.Pool;
  readonly log: Logger;
  /** Which addresses may be connected to. */
  readonly outbound: Outbound | undefined;
}

export interface SendContext<Settings = unknown, Credentials = unknown> {
  readonly deps: SendDeps;
  readonly projectId: string;
  readonly channel: {
    readonly id: string;
    readonly name: string;
    /** Changes when anything of the channel does: a connection that is kept is kept for one version. */
    readonly version: string;
    readonly settings: Settings;
    readonly credentials: Credentials;
  };
  readonly attempt: number;
  readonly at: Date;
  /** Aborted after the time that one attempt has. */
  readonly signal: AbortSignal;
}

export interface TemplatePart {
  readonly name: string;
  readonly required: boolean;
  /** Of HTML, where values are escaped. */
  readonly html: boolean;
  readonly lengthMax: number;
}

export interface TargetFault {
  readonly setting: "url" | "host";
  /** As of `faultOfUrl`. */
  readonly fault: string;
}

export function targetFault(setting: TargetFault["setting"], fault: string | undefined): TargetFault | undefined {
  return fault === undefined ? undefined : { setting, fault };
}

export interface ChannelAdapter<Settings = unknown, Credentials = unknown> {
  readonly kind: ChannelKind;
  /** Stored and shown as they are: nothing secret. */
  readonly settings: z.ZodType<Settings>;
  /** Stored sealed, never shown. */
  readonly credentials: z.ZodType<Credentials>;
  /** Whom the credentials are shown to, and how safely; undefined when they stay here. */
  readonly credentialsGoTo?: (settings: Settings) => string;
  /** What is wrong with where it leads, as far as that can be said before it is looked up. */
  readonly faultOf?: (settings: Settings, outbound: Outbound | undefined) => TargetFault | undefined;
  /** Where messages go; `none`: the customer themselves. */
  readonly address: "email" | "phone" | "none";
  /** Whether marketing needs `consent[kind]` of the customer. */
  readonly needsConsent: boolean;
  readonly parts: readonly TemplatePart[];
  /** What happens when nobody said whether a message was accepted: docs/decisions/0023. */
  readonly whenUnknown: "resend" | "stop";
  /** What it promises is outcomes: a rejection counts as `unknown`, as it may come after the message was handed over. */
  send(message: OutgoingMessage, context: SendContext<Settings, Credentials>): Promise<SendOutcome>;
}
