"""Operations that simulated and measured images share."""
