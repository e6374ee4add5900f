"""Python's garbage collector, for a process that lives long."""

import gc


def spare_what_is_loaded() -> None:
    """Call it when all is imported: what is there by now stays for ever, so collections need not look at it again.

    A large batch makes objects so fast that, with Python's own thresholds, looking again and again took a third
    of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
