"""`rapport demo`: the whole product on this machine, with a sample book of business."""
