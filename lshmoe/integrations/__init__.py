"""Doors to host libraries; the only part of lshmoe that knows them."""
