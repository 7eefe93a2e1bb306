"""What every suite needs: a RESP client, servers, comparison, exceptions, results. Knows TCP ports only."""
