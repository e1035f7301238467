using Hikyaku.Platform;

namespace Hikyaku.Accounts.Files;

/// <summary>Everything that is wrong with a file: what its reader has found, and what the rules say.</summary>
public sealed class FileProblems(CsvContent content)
{
    private readonly List<JobProblem> _found = [.. content.Problems.Select(p => new JobProblem(p.Line, p.Column, p.Code, p.Args))];
    private long _more = content.MoreProblems;

    /// <summary>Whether anything is wrong.</summary>
    public bool Any => _found.Count > 0 || _more > 0;

    /// <summary>The first, by line.</summary>
    public IEnumerable<JobProblem> Shown => _found.OrderBy(p => p.Line).Take(JobProblems.Most);

    /// <summary>How many more there are.</summary>
    public long More => _more + Math.Max(0, _found.Count - JobProblems.Most);

    /// <summary>Adds what a rule says.</summary>
    public void Add(JobProblem problem)
    {
        // Rows are judged in the order of the file, and only the first problems are shown; later ones need not be kept.
        if (_found.Count < 2 * JobProblems.Most) _found.Add(problem);
        else _more++;
    }

    /// <summary>Adds what rules say.</summary>
    public void AddRange(IEnumerable<JobProblem> problems)
    {
        foreach (var problem in problems) Add(problem);
    }
}
