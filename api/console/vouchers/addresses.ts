/** Where the pages of vouchers are. */
export const vouchersAddress = "/console/vouchers";
export const voucherAddress = (code: string) => `/console/vouchers/code/${encodeURIComponent(code)}`;
export const batchAddress = (id: string) => `/console/vouchers/batches/${encodeURIComponent(id)}`;
export const importAddress = (id: string) => `/console/vouchers/imports/${encodeURIComponent(id)}`;
