from tap_orders.cli import main

main()
