using Hikyaku.Platform;

namespace Hikyaku.Architecture.Tests.Planted;

/// <summary>A decision as it should be, with a closure and a function of its own.</summary>
internal static class Pure
{
    public static Decision Decide(IReadOnlyCollection<string> labels, DateTimeOffset now)
    {
        var longest = labels.Where(l => l.Length > Limit(now)).ToList();
        return Decision.Unless([], () => longest);
    }

    private static int Limit(DateTimeOffset now) => now.Year > 2000 ? 10 : 20;
}

/// <summary>Decisions and folds that touch the world, each in another way; each must be found.</summary>
internal static class Impurities
{
    private static class Clock
    {
        public static Decision Decide() => Decision.Accept(DateTimeOffset.UtcNow);
    }

    private static class LocalClock
    {
        public static Decision Decide() => Decision.Accept(DateTime.Now);
    }

    private static class InjectedClock
    {
        public static Decision Decide(TimeProvider time) => Decision.Accept(time.GetUtcNow());
    }

    private static class Chance
    {
        public static string Evolve(string state, object e) => state + e + Guid.NewGuid();
    }

    private static class Dice
    {
#pragma warning disable CA5394 // that is the point
        public static Decision Decide() => Decision.Accept(Random.Shared.Next());
#pragma warning restore CA5394
    }

    private static class InAClosure
    {
        public static Decision Decide(IEnumerable<string> labels) => Decision.Accept(labels.Select(l => l + DateTimeOffset.UtcNow));
    }

    private static class InAFunctionOfItsOwn
    {
        public static Decision Decide() => Decision.Accept(Deeper());

        private static string Deeper() => Deepest();

        private static string Deepest() => File.ReadAllText("/etc/hostname");
    }

    private static class InAnIterator
    {
        public static Decision Decide() => Decision.Accept(Events());

        private static IEnumerable<object> Events()
        {
            yield return DateTimeOffset.UtcNow;
        }
    }

    private static class Network
    {
        public static Decision Decide(string host) => Decision.Accept(System.Net.Dns.GetHostName() + host);
    }

    private static class Http
    {
        public static Decision Decide(Microsoft.AspNetCore.Http.HttpContext http) => Decision.Accept(http);
    }

    private static class Database
    {
        public static Decision Decide(Marten.IQuerySession session) => Decision.Accept(session.TenantId);
    }
}
