"""Probes look at one thing each and write down what they saw. What is wrong with the patient is a value here."""
