"""When an option is set: before bind, after it, after listen, on the accepted socket, or cleared again."""
