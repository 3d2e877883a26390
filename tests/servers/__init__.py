"""Real servers, each in namespaces of its own, compared with what the porting report says of them: ``tox -e servers``.

``table`` lists the servers, ``installing`` fetches them, ``place`` makes the namespace's file systems, ``stage`` plays one
situation in it, and ``compared`` says where the report and the machine differ.
"""
