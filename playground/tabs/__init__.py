"""One file a tab: plain handlers first, then components and wiring."""
