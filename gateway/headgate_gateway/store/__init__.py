"""What survives the process: SQLAlchemy Core on SQLite or PostgreSQL."""
