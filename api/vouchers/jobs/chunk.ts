/** What the parts of a job's chunk hand to each other. */
import type { DB } from "../../db/tables.ts";

export interface RunningJob {
  readonly projectId: string;
  readonly id: string;
  readonly action: DB["voucher_job"]["action"];
  readonly campaignId: string | null;
  readonly batchId: string | null;
  readonly expiresAt: Date | null;
  readonly cursor: string;
  readonly upto: string;
  readonly failed: number;
}

export interface JobItem {
  readonly code: string;
  /** As the job has it, for its errors. */
  readonly typed: string;
  readonly customer: string | null;
}

export interface JobError {
  readonly code: string;
  readonly reason: string;
}

export interface JobVoucher {
  readonly id: string;
  readonly code: string;
  readonly campaign_id: string;
  readonly kind: DB["voucher"]["kind"];
  readonly status: DB["voucher"]["status"];
  readonly customer_id: string | null;
  readonly redemptions_count: number;
  readonly starts_at: Date | null;
  readonly balance_amount: number | null;
  readonly batch_id: string | null;
  readonly expires_at: Date | null;
}
