"""A release that went wrong right after it was deployed: FlappyJournal scenario 1."""

from flows.path import take_back
from flows.scenario import scenario

post_deploy_issue = scenario(
    "post-deploy-issue", take_back, "Take back a release that broke something within its first hour."
)
