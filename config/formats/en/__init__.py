"""How dates are written in the admin, in English."""
