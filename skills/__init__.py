"""The agent's skills. They reach the warehouse only through `skills.api_client`, never through Django or a database."""
