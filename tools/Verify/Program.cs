using System.Globalization;
using Npgsql;

namespace Hikyaku.Verify;

/// <summary>
/// The part of <c>./dev verify</c> that goes across programs: whether the accounts service's history, the feed and the replicas of the
/// mail nodes agree, compared while all of them run. Prints every disagreement. Ends with 0 when there is none, 1 when there is one, 2 when something could not be read.
/// </summary>
public static class Program
{
    private const string Help =
        """
        Verify [--wait SECONDS] [--node NAME=FOLDER]...

        ConnectionStrings__Postgres in the environment: the database of the accounts service; ConnectionStrings__Feed: the feed's.
        --node NAME=FOLDER   a mail node and the folder of its replica.db and vmail, once for each
        --wait SECONDS       how long nodes and the feed may take to catch up, and a disagreement to go away (30)
        """;

    /// <summary>Runs it.</summary>
    public static async Task<int> Main(string[] args)
    {
        if (Read(args) is not { } settings)
        {
            await Console.Error.WriteLineAsync(Help);
            return 2;
        }

        try
        {
            return (await Verification.RunAsync(settings, CancellationToken.None)).Print();
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            await Console.Error.WriteLineAsync($"The database cannot be read: {e.Message}");
            return 2;
        }
    }

    // Null when something is missing or unknown.
    private static VerificationSettings? Read(string[] args)
    {
        var (nodes, wait) = (new Dictionary<string, string>(), 30.0);
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length) return null;
            var (name, value) = (args[i], args[i + 1]);
            if (name == "--node" && value.Split('=', 2) is [var node, var folder]) nodes[node] = folder;
            else if (name != "--wait" || !double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out wait)) return null;
        }

        return Environment.GetEnvironmentVariable("ConnectionStrings__Postgres") is { Length: > 0 } postgres
            ? new(postgres, nodes, TimeSpan.FromSeconds(wait), Environment.GetEnvironmentVariable("ConnectionStrings__Feed"))
            : null;
    }
}
