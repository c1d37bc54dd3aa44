"""Who may come in: users, teams, sessions, sign-in."""
