"""The app: pages that ask, one cached call of the service, and the drawing of what comes back."""
