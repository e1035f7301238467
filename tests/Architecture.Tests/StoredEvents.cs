using System.Reflection;
using System.Reflection.Emit;
using System.Text.RegularExpressions;
using Hikyaku.Platform.Testing;
using Xunit;

namespace Hikyaku.Architecture.Tests;

/// <summary>Every stored event has an explicit name and version: what is stored outlives the name of a class.</summary>
public class StoredEvents
{
    public static TheoryData<string> Services => [.. Repository.Services.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Services))]
    public void Every_event_has_a_stored_name(string service)
    {
        var assembly = Assembly.Load(service);
        var folded = FoldedBy(assembly.GetTypes());
        Assert.NotEmpty(folded);
        // The platform's own streams, jobs, are stored under the names of each service that has them.
        var shared = FoldedBy(Repository.Platform.GetTypes());
        Assert.NotEmpty(shared);
        if (shared.Any(NamesOf(assembly).ContainsKey)) folded.AddRange(shared);

        Assert.Empty(Faults(service, NamesOf(assembly), folded));
    }

    [Fact]
    public void Faults_are_found()
    {
        var folded = FoldedBy([typeof(Planted.Letter)]);
        Assert.Equal([typeof(Planted.LetterSealed), typeof(Planted.LetterSent)], folded.OrderBy(t => t.Name));
        var names = new Dictionary<Type, string> { [typeof(Planted.LetterSent)] = "letters.letter-sent.v1", [typeof(Planted.LetterSealed)] = "letters.letter-sealed.v2" };
        Assert.Empty(Faults("Letters", names, folded));

        Assert.Equal(["LetterSealed has no stored name"], Faults("Letters", Without(names, typeof(Planted.LetterSealed)), folded));
        Assert.Equal(["LetterSent is folded into no state"], Faults("Letters", names, [typeof(Planted.LetterSealed)]));
        foreach (var name in new[] { "letters.sent.v1", "letters.letter-sent", "letters.LetterSent.v1", "posts.letter-sent.v1", "letters.letter-sent.v0", "letters.letter-sealed.v2" })
            Assert.Single(Faults("Letters", new Dictionary<Type, string>(names) { [typeof(Planted.LetterSent)] = name }, folded));
    }

    private static IReadOnlyDictionary<Type, string> NamesOf(Assembly service)
    {
        var page = service.GetType($"Hikyaku.{service.GetName().Name}.Storage.EventNames");
        return page?.GetField("All")?.GetValue(null) as IReadOnlyDictionary<Type, string>
            ?? throw new InvalidOperationException($"{service.GetName().Name} has no Storage.EventNames.All");
    }

    // What a fold tells apart: the types that its pattern asks for.
    private static List<Type> FoldedBy(IEnumerable<Type> types)
        => [.. types.SelectMany(Instructions.MethodsOf).Where(m => m is { IsStatic: true, Name: "Evolve" })
            .SelectMany(Instructions.Of).Where(i => i.Code == OpCodes.Isinst).Select(i => (Type)i.Member).Distinct()];

    private static IEnumerable<string> Faults(string service, IReadOnlyDictionary<Type, string> names, IReadOnlyCollection<Type> folded)
    {
        var shape = new Regex($@"^{service.ToLowerInvariant()}\.[a-z0-9]+(-[a-z0-9]+)+\.v[1-9][0-9]*$");
        return folded.Where(t => !names.ContainsKey(t)).Select(t => $"{t.Name} has no stored name")
            .Concat(names.Keys.Except(folded).Select(t => $"{t.Name} is folded into no state"))
            .Concat(names.Values.Where(n => !shape.IsMatch(n)).Select(n => $"{n} is not service.noun-verb.vN"))
            .Concat(names.GroupBy(n => n.Value).Where(g => g.Count() > 1).Select(g => $"{g.Key} is given twice"));
    }

    private static Dictionary<Type, string> Without(IReadOnlyDictionary<Type, string> names, Type type) => names.Where(n => n.Key != type).ToDictionary();
}
