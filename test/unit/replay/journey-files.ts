/** A small journey in the format of the real files: two campaigns, three coupons, two households. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const tables = {
  campaign_descriptions: `"campaign_id","campaign_type","start_date","end_date"
"1","Type B",2017-03-03,2017-04-09
"8","Type A",2017-03-01,2017-03-05
`,
  campaigns: `"campaign_id","household_id"
"1","7"
"1","9"
"8","7"
`,
  coupons: `"coupon_upc","product_id","campaign_id"
"500","100","1"
"500","100","1"
"500","101","1"
"600","999","1"
"500","102","8"
`,
  coupon_redemptions: `"household_id","coupon_upc","campaign_id","redemption_date"
"7","500","1",2017-03-04
"7","500","8",2017-03-04
"9","600","1",2017-03-10
`,
  demographics: `"household_id","age","income","home_ownership","marital_status","household_size","household_comp","kids_count"
"7","65+","35-49K",,"Married","2","2 Adults No Kids","0"
`,
  products: `"product_id","manufacturer_id","department","brand","product_category","product_type","package_size"
"100","2","GROCERY","National","COFFEE","GROUND COFFEE, 1 LB","1 LB"
"102","2","GROCERY","Private","TEA","TEA BAGS",
"200","2","FUEL","National","COUPON/MISC ITEMS","GASOLINE",
`,
  transactions_sample: `"household_id","store_id","basket_id","product_id","quantity","sales_value","retail_disc","coupon_disc","coupon_match_disc","week","transaction_timestamp"
"7","30","b1","100",3,10,0,0,0,9,"2017-03-04T09:30:00"
"7","30","b1","200",8776,23.25,0.88,0,0,9,"2017-03-04T09:30:00"
"7","31","b2","300",1,1.15,0,0,0,9,"2017-03-04T08:00:00"
"9","30","b3","100",1,4,0,0,0,9,"2017-03-04T18:00:00"
"9","30","b4","100",0,0,0,0,0,10,"2017-03-09T18:00:00"
`,
} as const;

/** A new folder with the files; `changed` replaces the text of tables. */
export async function writeJourney(changed: Partial<Record<keyof typeof tables, string>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tessera-journey-"));
  for (const [name, text] of Object.entries({ ...tables, ...changed })) {
    await writeFile(join(folder, `${name}.csv.gz`), gzipSync(text));
  }
  return folder;
}
