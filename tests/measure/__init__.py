"""Measurements that anyone can repeat. They print figures and assert nothing, so no test run includes them."""
