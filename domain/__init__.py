"""What we decide, and why: models, policy, rules, outcomes and errors. No Prefect, no input or output."""
