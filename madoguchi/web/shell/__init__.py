"""What every page stands in: base page, components, menu, guards, sign-in, error pages."""
