/** Where the pages of customers are. */
export const customersAddress = "/console/customers";
export const customerAddress = (identifier: string) => `/console/customers/of/${encodeURIComponent(identifier)}`;
