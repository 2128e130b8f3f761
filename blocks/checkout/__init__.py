"""The parts of the platform `checkout`: git, `.env`, images, containers, and how one release takes another's place."""
