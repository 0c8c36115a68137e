"""Settings: frozen, validated, every field with its unit and meaning."""
