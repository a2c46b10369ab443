"""What `hereabouts check` tries, by what is looked at.

The rule: each check is a function of the settings in force that yields what it found, in a sentence that says what to
do; it changes nothing, makes nothing, and shows no secret.
"""
