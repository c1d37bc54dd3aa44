"""Mail is read while everything breaks; then mailbox and store are compared."""
