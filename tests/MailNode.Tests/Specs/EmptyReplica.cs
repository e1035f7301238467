using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Specs;

/// <summary>A replica of mail1 in memory, with the parts that the agent brings.</summary>
internal static class EmptyReplica
{
    public static Parts Parts { get; } = new(MailNode.Parts.OfThisProgram());

    public static IReadOnlyList<string> PartNames { get; } = [.. Parts.All.Select(p => p.Contract.Name)];

    private static readonly Schema Schema = new(Parts);

    public static ReplicaRows Rows { get; } = new(Parts);

    public static bool IsWhole(object state) => Parts.Of(state).IsWhole(state);

    public static SqliteConnection Open()
    {
        var replica = new SqliteConnection("Data Source=:memory:");
        replica.Open();
        replica.Run(Schema.Text);
        replica.Run("INSERT INTO replica VALUES ('0', 'mail1', 0)");
        return replica;
    }
}
