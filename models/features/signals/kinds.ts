/** Whom and what an attempt is counted to. */

/**
 * `ip`: of IPv6 the first 64 bits, which one connection has. `network`: the /24 of IPv4, the /48 of IPv6. `email_shape`:
 * what is left of an address when digits, dots and tags are taken out of its local part. `code` is a voucher and
 * `campaign` its campaign, by id; `habit` is one customer at one campaign; `project` is the whole project in one currency, its code. All others are keyed hashes.
 */
export const subjectKinds = [
  "customer",
  "device",
  "ip",
  "network",
  "asn",
  "card",
  "address",
  "email_shape",
  "code",
  "campaign",
  "habit",
  "project",
] as const;
export type SubjectKind = (typeof subjectKinds)[number];

/** What events carry as `signals`: the customer, codes and currency they say by themselves. */
export const announcedKinds = ["device", "ip", "network", "asn", "card", "address", "email_shape"] as const;
export type AnnouncedKind = (typeof announcedKinds)[number];

/** Subjects of one attempt, by kind. A kind is absent where nothing is known of it. */
export type Subjects = { readonly [K in SubjectKind]?: string | undefined };

/** An account younger than this is a newcomer; a guest always is one. */
export const newcomerSeconds = 86_400;
