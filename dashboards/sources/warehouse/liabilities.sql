-- Grain: kind × currency.
SELECT kind, currency, issued_amount, spent_amount, expired_amount, open_amount, accounts_count, breakage_share
FROM liabilities
WHERE project_id = {project: String}
ORDER BY kind, open_amount DESC, currency
