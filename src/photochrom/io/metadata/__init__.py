"""What photo files say besides pixels, where libvips would lose or change it."""
