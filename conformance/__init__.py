"""Judge any implementation of convolutional-network operators against their contract.

The contract is in ``CONTRACT.md`` beside this file. The command is ``refcnn verify``; under pytest the same
judgement is ``pytest --pyargs conformance --impl TARGET``.
"""
