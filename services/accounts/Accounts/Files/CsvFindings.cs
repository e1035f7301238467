namespace Hikyaku.Accounts.Files;

/// <summary>Collects what is wrong with a file: so many are kept, the rest is counted.</summary>
internal sealed class CsvFindings(int most)
{
    private readonly List<CsvProblem> _kept = [];
    private long _more;

    public bool Any => _kept.Count > 0;

    public void Add(CsvProblem problem)
    {
        if (_kept.Count < most) _kept.Add(problem);
        else _more++;
    }

    public CsvContent With(IReadOnlyList<CsvRow> rows) => new(rows, [.. _kept.OrderBy(p => p.Line)], _more);
}
