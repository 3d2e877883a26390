"""Any sequence of socket calls, made on the kernel and on its model side by side."""
