"""What the pods run: the API, its worker, and the partner whose service the API calls."""
