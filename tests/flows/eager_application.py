"""The demo's application, whose pool asks for a lost database again at once instead of after one, two and four seconds."""

from psycopg_pool.base import AttemptWithBackoff

from examples.demo.application import main

AttemptWithBackoff.INITIAL_DELAY = 0.05

if __name__ == "__main__":
    main()
