using System.Globalization;
using System.Text.RegularExpressions;
using Hikyaku.Platform.Testing;
using Xunit;

namespace Hikyaku.Architecture.Tests;

/// <summary><c>deploy/services.tsv</c>, from which <c>./dev</c> takes every list of programs, against the projects of the tree.</summary>
public partial class DeployedPrograms
{
    private const string Header = "name\tproject\tport\tdatabase\tbroker\tnodes\tdeletion\tkeys\tverbs";
    private const string Good = "accounts\tservices/accounts/Accounts\t10\taccounts\tevents,states\tlists\t-\ttoken,data\trebuild";

    [Fact]
    public void Every_deployable_has_one_line_and_every_line_a_project()
    {
        var ports = OtherPorts(File.ReadAllText(Path.Combine(Repository.Root, "deploy", "local", "ports.sh")));

        Assert.NotEmpty(ports);
        Assert.Empty(FaultsOf(DeployedProgram.All, Deployables(), ports));
    }

    [Theory]
    [InlineData(Good, null)]
    [InlineData("accounts\tservices/accounts/Accounts\t10\taccounts\tevents\t-\t-\ttoken\t-", null)]
    [InlineData("", "services/accounts/Accounts has no line")]
    [InlineData(Good + "\n" + Good, "accounts is there twice")]
    [InlineData("accounts\tservices/accounts/Ledger\t10\taccounts\tevents,states\tlists\t-\ttoken\t-", "services/accounts/Accounts has no line; services/accounts/Ledger is no program")]
    [InlineData("accounts\tservices/accounts/Accounts\t4\t-\t-\t-\t-\t-\t-", "port 4 is taken twice")]
    [InlineData("accounts\tservices/accounts/Accounts\t1000\t-\t-\t-\t-\t-\t-", "port 1000 belongs to the next copy")]
    [InlineData("Accounts-2\tservices/accounts/Accounts\t10\t-\t-\t-\t-\t-\t-", "Accounts-2 is no name")]
    [InlineData("accounts\tservices/accounts/Accounts\t10\t-\tall\t-\t-\t-\tverity", "accounts: all is no right at the broker; accounts: verity is no verb")]
    [InlineData("accounts\tservices/accounts/Accounts\t10\taccounts\tevents,states\t-\t-\t-\t-", "accounts: what publishes states must be listed, and the other way round")]
    public void A_fault_of_a_line_is_found(string lines, string? fault)
    {
        var programs = DeployedProgram.Read([Header, .. lines.Split('\n')]);
        Assert.Equal(fault?.Split("; ") ?? [], FaultsOf(programs, ["services/accounts/Accounts"], OtherPorts("OUTBOX_SMTP 4\nPOSTGRES 5\n")));
    }

    [Theory]
    [InlineData("name\tport")]
    [InlineData(Header + "\naccounts\tservices/accounts/Accounts\t10")]
    public void Lines_of_other_columns_are_refused(string lines) => Assert.Throws<InvalidDataException>(() => DeployedProgram.Read(lines.Split('\n')));

    private static IEnumerable<string> FaultsOf(IReadOnlyList<DeployedProgram> programs, IEnumerable<string> deployables, IReadOnlyCollection<int> otherPorts)
    {
        var ports = programs.DistinctBy(p => p.Name).Select(p => p.Port).OfType<int>().ToList();
        return
        [
            .. deployables.Except(programs.Select(p => p.Project)).Select(d => $"{d} has no line"),
            .. programs.Where(p => !IsProgram(p.Project)).Select(p => $"{p.Project} is no program"),
            .. Twice(programs.Select(p => p.Name)).Select(n => $"{n} is there twice"),
            .. Twice(ports.Concat(otherPorts)).Select(p => $"port {p} is taken twice"),
            .. ports.Where(p => p is < 0 or > 999).Select(p => $"port {p} belongs to the next copy"),
            .. programs.SelectMany(FaultsOf).Distinct(),
        ];
    }

    private static IEnumerable<string> FaultsOf(DeployedProgram program)
    {
        if (!Name().IsMatch(program.Name)) yield return $"{program.Name} is no name";
        foreach (var value in program.Broker.Except(["events", "states", "node"])) yield return $"{program.Name}: {value} is no right at the broker";
        foreach (var value in program.Nodes.Except(["lists"])) yield return $"{program.Name}: {value} is no right of nodes";
        foreach (var value in program.Deletion.Except(["erases"])) yield return $"{program.Name}: {value} is no part in a deletion";
        foreach (var value in program.Keys.Except(["token", "data"])) yield return $"{program.Name}: {value} is no key";
        foreach (var value in program.Verbs.Except(["verify", "rebuild"])) yield return $"{program.Name}: {value} is no verb";
        if (program.Broker.Contains("states") != program.Nodes.Contains("lists")) yield return $"{program.Name}: what publishes states must be listed, and the other way round";
    }

    private static IEnumerable<T> Twice<T>(IEnumerable<T> values) => values.GroupBy(v => v).Where(g => g.Count() > 1).Select(g => g.Key);

    private static IEnumerable<string> Deployables()
        => new[] { "services", "gateway", "mailnode", "panel", "webmail" }.SelectMany(f => Repository.Files(f, "*.csproj"))
            .Where(f => IsProgramText().IsMatch(File.ReadAllText(f)))
            .Select(f => Path.GetRelativePath(Repository.Root, Path.GetDirectoryName(f)!));

    private static bool IsProgram(string folder)
    {
        var project = Path.Combine(Repository.Root, folder, $"{Path.GetFileName(folder)}.csproj");
        return File.Exists(project) && IsProgramText().IsMatch(File.ReadAllText(project));
    }

    private static List<int> OtherPorts(string script)
        => [.. PortLine().Matches(script).Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture))];

    [GeneratedRegex("^[a-z]+$")]
    private static partial Regex Name();

    [GeneratedRegex("<OutputType>Exe<|Sdk=\"Microsoft.NET.Sdk.Web\"")]
    private static partial Regex IsProgramText();

    [GeneratedRegex("^[A-Z][A-Z0-9_]* ([0-9]+)$", RegexOptions.Multiline)]
    private static partial Regex PortLine();
}
